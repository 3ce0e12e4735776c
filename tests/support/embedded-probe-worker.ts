import { type CredentialsConfig, createCredentials } from '#workers/credentials/index.ts';

/** A Worker for tests: runs calls of the credentials folder inside workerd, in order, and gives their results. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { config, calls } = (await request.json()) as {
      config: CredentialsConfig;
      calls: [string, unknown][];
    };
    const credentials = createCredentials(config) as unknown as Record<
      string,
      (argument: unknown) => Promise<unknown>
    >;
    const results: unknown[] = [];
    for (const [name, argument] of calls) results.push(await credentials[name]?.(argument));
    return Response.json(results);
  },
};
