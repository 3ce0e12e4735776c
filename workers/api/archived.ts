import type { Asked } from './endpoint.ts';
import { ProblemError } from './problem.ts';

/** A file of the archive as an answer, streamed. */
export async function archivedFile({ env, log }: Asked, key: string, name: string): Promise<Response> {
  const found = await env.ARCHIVES.get(key).catch((error: unknown) => {
    log('warn', 'the archive could not be read', { error });
    return null;
  });
  if (found === null)
    throw new ProblemError('archive_unavailable', 'The archived file cannot be read.', { retry_after_s: 30 });
  return new Response(found.body, {
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${name}"`,
    },
  });
}
