import { bars, kept } from './bars.mjs';
export const page=()=>'';
export function verdict(results) {
	return bars.map((bar) => `${kept(bar, results) ? '✓' : '✗'} ${bar.promise}: ${bar.value(results).toFixed(3)} (at most ${bar.most})`).join('\n');
}
