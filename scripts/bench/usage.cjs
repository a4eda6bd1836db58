// Loaded into an n8n: writes down, at its end, what it took.
const { writeFileSync } = require('node:fs');

const file = process.env.BENCH_USAGE;
if (file) {
	process.on('exit', () => {
		const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
		const usage = { seconds: process.uptime(), cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS / 1024 };
		writeFileSync(file, JSON.stringify(usage));
	});
}
