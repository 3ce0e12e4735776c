import { defineConfig } from 'vitest/config';

/** Three kinds of tests: plain Node, inside workerd, and whole processes. The file name says which. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.workerd.test.ts', 'tests/**/*.system.test.ts'],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
