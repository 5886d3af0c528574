// What require() and import get, both of them: one instance, however a host loads it. Committed as
// it is, so that an install without the build can say so.
try {
  module.exports = require('../dist/cjs/index.js');
} catch (cause) {
  if (!cause.message.startsWith("Cannot find module '../dist/cjs/index.js'")) throw cause;
  throw new Error(require('./not-built.cjs'), { cause });
}
