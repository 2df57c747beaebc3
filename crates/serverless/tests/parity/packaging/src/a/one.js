exports.b = 1; // src/a/one.js
