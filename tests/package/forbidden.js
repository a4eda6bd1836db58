// Not part of the package: shows that the scanner would find something.
exports.home = () => process.env.HOME;
