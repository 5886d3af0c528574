// The OpenAPI document of a route table, made when it is first asked for: what makes it is loaded
// only then.
import type { SwaggerOptions } from '@fastify/swagger';
import { VERSION } from '../base/version.ts';
import type { Fields } from '../http/fields.ts';
import { NO_COMPILERS } from '../http/no-compilers.ts';
import type { Route } from '../http/routes.ts';

/** As much of it as is set right. */
interface Document {
  readonly paths: Record<string, Record<string, { requestBody?: { required: boolean } }>>;
}

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
        ringTicket: { type: 'http', scheme: 'bearer', bearerFormat: 'swt_…, from a ring push' },
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
    for (const route of routes) {
      const { method, path: url } = route;
      scope.route({ method, url, schema: schemaOf(route), handler: () => undefined });
    }
  });
  await app.ready();
  return withOptionalBodies(app.swagger(), routes);
}

/** The plugin calls every body required: Fastify itself would. Here each row says so of its own. */
function withOptionalBodies(document: object, routes: readonly Route[]): object {
  const { paths } = document as Document;
  for (const { method, path, body } of routes) {
    if (!body?.isOptional) continue;
    const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    if (operation?.requestBody !== undefined) operation.requestBody.required = false;
  }
  return document;
}

/** What a row says of its fields, beside what it says of the rest. */
function schemaOf({ schema, params, query, headers }: Route): Route['schema'] {
  return {
    ...schema,
    ...(params && { params: objectOf(params) }),
    ...(query && { querystring: objectOf(query) }),
    ...(headers && { headers: objectOf(headers) }),
  };
}

const objectOf = (fields: Fields) => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, { schema }]) => [name, schema]),
  ),
});
