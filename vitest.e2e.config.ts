import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/setup.ts'],
    setupFiles: ['test/empty-folder.ts'],
    // Every file has servers, clients or browsers of its own: side by side they would starve.
    fileParallelism: false,
    // LiveKit's native client writes a line at every step otherwise.
    env: { NODE_ENV: 'production' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
