// The OpenAPI document of a route table, made when it is first asked for: what makes it is loaded
// only then.
import type { SwaggerOptions } from '@fastify/swagger';
import { VERSION } from '../base/version.ts';
import { NO_COMPILERS } from '../http/no-compilers.ts';
import type { Route } from '../http/routes.ts';

const FRAME: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'livekit-switchboard',
      description: 'LiveKit tokens for users who sign in with Firebase.',
      version: VERSION,
    },
    components: {
      securitySchemes: {
        firebaseIdToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        metricsToken: { type: 'http', scheme: 'bearer' },
      },
    },
  },
};

/** Answers a function that answers the OpenAPI 3.1 document of `routes`. */
export function createDescription(routes: () => readonly Route[]): () => Promise<object> {
  let document: Promise<object> | undefined;
  return () => {
    document ??= describe(routes()).catch((error) => {
      // What was in the way (no file descriptor left, for one) may be over the next time.
      document = undefined;
      throw error;
    });
    return document;
  };
}

/** By an application that never serves: nothing in it has to be compiled. */
async function describe(routes: readonly Route[]): Promise<object> {
  const [{ fastify }, { default: swagger }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
  ]);
  const app = fastify({ exposeHeadRoutes: false, schemaController: NO_COMPILERS });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.register(swagger, FRAME);
  app.register(async (scope) => {
    for (const { method, path: url, schema } of routes) {
      scope.route({ method, url, schema, handler: () => undefined });
    }
  });
  await app.ready();
  return app.swagger();
}
