// What only a server of its own has: health, metrics and the API's description.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { SwitchboardError } from '../base/errors.ts';
import type { Metrics } from '../http/metrics.ts';
import { type Route, route } from '../http/routes.ts';
import { apiPage } from './api-page.ts';

export function rootRoutes(options: {
  readiness: () => { ready: boolean; missing: readonly string[] };
  metrics: Metrics;
  /** Answers the OpenAPI document. */
  describe: () => Promise<object>;
  metricsToken: string | undefined;
}): Route[] {
  const { readiness, metrics, describe, metricsToken } = options;
  const routes: Route[] = [
    ...ALIVE.map((path) =>
      get(path, 'Alive: what a platform’s health check asks', () => '{"status":"ok"}'),
    ),
    get('/readyz', 'Ready, or 503 `not_ready` that names what is missing', () => {
      const { ready, missing } = readiness();
      if (ready) return '{"status":"ready"}';
      throw new SwitchboardError('not_ready', `Not ready: ${missing.join('; ')}.`);
    }),
    get('/openapi.json', 'This document', madeOnce(describe, JSON.stringify)),
    get('/docs', 'The API as a page', madeOnce(describe, apiPage), HTML),
  ];
  if (metricsToken !== undefined) {
    const metricsRoute = get(
      '/metrics',
      'Metrics in Prometheus’ text format',
      () => metrics.registry.metrics(),
      metrics.registry.contentType,
    );
    routes.push({
      ...metricsRoute,
      schema: { ...metricsRoute.schema, security: [{ metricsToken: [] }] },
      admit: (request) => checkMetricsToken(request, metricsToken),
    });
  }
  return routes;
}

// Google's front end answers /healthz itself, and with 404 (https://cloud.google.com/run/docs/known-issues).
const ALIVE = ['/healthz', '/livez', '/health'];
const PROBES = [...ALIVE, '/readyz', '/metrics'];
const JSON_TYPE = 'application/json; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

function get(
  path: string,
  summary: string,
  answer: () => string | Promise<string>,
  contentType = JSON_TYPE,
): Route {
  const [mediaType = contentType] = contentType.split(';', 1);
  const type = contentType === JSON_TYPE ? 'object' : 'string';
  const content = { [mediaType]: { schema: { type } } };
  const schema = { summary, response: { 200: { description: 'Fine.', content } } };
  const isProbe = PROBES.includes(path);
  return route({ method: 'GET', path, admit: 'public', isProbe, schema, contentType, answer });
}

/** Anybody may ask for it, as often as he likes: it is large, and always the same. */
function madeOnce(describe: () => Promise<object>, textOf: (document: object) => string) {
  let text: string | undefined;
  return async () => {
    text ??= textOf(await describe());
    return text;
  };
}

function checkMetricsToken(request: FastifyRequest, metricsToken: string): void {
  const given = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  // Compared as digests: equal length, and no hint of how much was right.
  if (!timingSafeEqual(digest(given), digest(metricsToken))) {
    throw new SwitchboardError('metrics_token_invalid', 'Unauthorized: METRICS_TOKEN is required.');
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();
