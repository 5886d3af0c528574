// The frame of the OpenAPI document; paths and schemas come from the route table.
import type { SwaggerOptions } from '@fastify/swagger';
import { VERSION } from '../version.ts';

export const OPENAPI: SwaggerOptions = {
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
