// The workflows of examples/ in the oldest n8n.
import { oldest } from '../../scripts/lib/install.mjs';
import { examples } from '../n8n/examples.mjs';

examples(oldest);
