// node gateway.js <file> <function> <stage>: stands for an HTTP API of AWS's API Gateway in front of
// a function that the file exports. A request becomes an event of payload format 2.0, which has the
// stage in its path unless it is $default; what the function answers becomes the response.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const [, , file, name, stage] = process.argv;
const { [name]: handler } = await import(file);

const server = createServer(async (req, res) => {
  const path = stage === '$default' ? req.url : `/${stage}${req.url}`;
  const http = { method: req.method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' };
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: req.headers,
    requestContext: { stage, http },
    body: (await buffer(req)).toString('base64'),
    isBase64Encoded: true,
  };
  const { statusCode, headers, body, isBase64Encoded } = await handler(event, {});
  res.writeHead(statusCode, headers);
  res.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
});
server.listen();
process.once('SIGTERM', () => server.close());
