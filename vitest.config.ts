import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/empty-folder.ts'],
    exclude: ['test/e2e/**', 'test/package/**'],
  },
});
