/** Where an archive's files lie; names hold the tenant first, as objects' names do (rule 7). */
export const archiveFolder = (tenant: string, pipelineId: string): string => `t/${tenant}/p/${pipelineId}/`;

export interface Stored {
  key: string;
  sha256: string;
  bytes: number;
}

const hex = (digest: ArrayBuffer): string =>
  [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('');

async function each(pieces: AsyncIterable<string>, act: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) await act(encoder.encode(piece));
}

/** Hash and length of a text that is never held whole. */
async function measure(pieces: AsyncIterable<string>): Promise<Omit<Stored, 'key'>> {
  const digest = new crypto.DigestStream('SHA-256');
  const writer = digest.getWriter();
  let bytes = 0;
  await each(pieces, async (piece) => {
    bytes += piece.length;
    await writer.write(piece);
  });
  await writer.close();
  return { sha256: hex(await digest.digest), bytes };
}

/**
 * Writes a file under the hash of its content, and answers when the bucket has it. `pieces` is asked twice and gives the same both times:
 * R2 wants the length first, and refuses what does not have the hash. Two writers of one pipeline can therefore not spoil each other's file.
 */
export async function store(
  bucket: R2Bucket,
  folder: string,
  name: string,
  pieces: () => AsyncIterable<string>,
): Promise<Stored> {
  const { sha256, bytes } = await measure(pieces());
  const key = `${folder}${sha256}.${name}`;
  const body = new FixedLengthStream(bytes);
  const writer = body.writable.getWriter();
  const pump = each(pieces(), (piece) => writer.write(piece)).then(
    () => writer.close(),
    async (error: unknown) => {
      await writer.abort(error).catch(() => {});
      throw error;
    },
  );
  const put = bucket.put(key, body.readable, {
    sha256,
    httpMetadata: { contentType: 'application/json' },
  });
  const [pumped, done] = await Promise.allSettled([pump, put]);
  if (pumped.status === 'rejected') throw pumped.reason;
  if (done.status === 'rejected') throw done.reason;
  return { key, sha256, bytes };
}

/** Reads a file from the bucket and answers with the hash of what came; null when it is not there. */
export async function readThrough(
  bucket: R2Bucket,
  key: string,
  push: (text: string) => void,
): Promise<string | null> {
  const found = await bucket.get(key);
  if (!found) return null;
  const digest = new crypto.DigestStream('SHA-256');
  const writer = digest.getWriter();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const chunk of found.body as unknown as AsyncIterable<Uint8Array>) {
    await writer.write(chunk);
    push(decoder.decode(chunk, { stream: true }));
  }
  push(decoder.decode());
  await writer.close();
  return hex(await digest.digest);
}

/** What a run that was cut off, or one side by side with it, has left beside the archive on record. */
export async function removeOthers(
  bucket: R2Bucket,
  folder: string,
  keep: readonly (string | null)[],
): Promise<void> {
  const { objects } = await bucket.list({ prefix: folder });
  const others = objects.map((o) => o.key).filter((key) => !keep.includes(key));
  if (others.length > 0) await bucket.delete(others);
}
