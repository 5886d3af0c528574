// Loaded before a host (node --require): wherever it means to listen, it does so on a free port of
// this machine's loopback alone, and says which.
const { Server } = require('node:net');

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => {
    console.log(`listening on http://127.0.0.1:${this.address().port}`);
  });
  return listen.call(
    this,
    0,
    '127.0.0.1',
    args.findLast((arg) => typeof arg === 'function'),
  );
};
