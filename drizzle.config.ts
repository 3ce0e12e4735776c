import { defineConfig } from 'drizzle-kit';

/** `npm run db:generate -- --name what_changed` writes the next migration; wrangler and the tests apply the folder as it is. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './workers/ledger/schema.ts',
  out: './d1-migrations',
});
