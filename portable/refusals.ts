/**
 * Log-ins that 3CX refused. It blocks addresses after a few of them, and with the address all that log in from here: what
 * goes on by itself waits longer each time.
 */
interface Refusal {
	error: string;
	description: string;
	/** How many times in a row, and when the last time, in milliseconds since 1970. */
	times: number;
	at: number;
}

const MINUTE = 60_000;
const LONGEST = 60;
const MOST = 1000;

const known = new Map<string, Refusal>();

/** Why not to log in by this name now, and for how many minutes. */
export function refusal(name: string): (Refusal & { minutes: number }) | undefined {
	const last = known.get(name);
	if (!last) return undefined;
	const passed = Date.now() - last.at;
	const minutes = Math.ceil(Math.min(2 ** (last.times - 1), LONGEST) - passed / MINUTE);
	// A clock that was set back would make it longer.
	return passed >= 0 && minutes > 0 ? { ...last, minutes } : undefined;
}

export function refuse(name: string, error: string, description: string): void {
	// Others that asked at the same time got the same answer.
	if (refusal(name)) return;
	const times = (known.get(name)?.times ?? 0) + 1;
	known.delete(name);
	known.set(name, { error, description, times, at: Date.now() });
	const [oldest] = known.keys();
	if (known.size > MOST) known.delete(oldest);
}

export function accept(name: string): void {
	known.delete(name);
}
