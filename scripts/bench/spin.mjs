// A busy loop, for as long as there is someone who wants it.
process.once('disconnect', () => process.exit());
const spin = () => {
	const end = performance.now() + 50;
	while (performance.now() < end);
	setImmediate(spin);
};
spin();
