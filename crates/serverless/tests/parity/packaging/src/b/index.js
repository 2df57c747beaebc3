exports.b = 1; // src/b/index.js
