import { base32 } from '#domain/ids.ts';
import { secretFrom } from '#objects/tenant/index.ts';

/** 20 bytes: 160 bits of secret. */
const SECRET_BYTES = 20;

const randomSecret = (): string => base32(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

/** GOV-7: an outside agent's session. It names tenant and pipeline, so that it leads to the object that knows it. `seed`: hex of a keyed hash that the secret derives from, so that a repeated request gets the same; null: random. */
export const newSessionToken = (tenant: string, pipelineId: string, seed: string | null = null): string =>
  `agt_${tenant}_${pipelineId.slice(3)}_${seed === null ? randomSecret() : secretFrom(seed)}`;

const TOKEN = /^agt_([a-z][a-z0-9-]{1,38}[a-z0-9])_([a-z0-9]{4,26})_[a-z0-9]{24,64}$/;

/** Which object to ask about a token; says nothing about its validity. */
export function parseSessionToken(token: string): { tenant: string; pipeline_id: string } | null {
  const [, tenant, pipeline] = TOKEN.exec(token) ?? [];
  return tenant && pipeline ? { tenant, pipeline_id: `pl_${pipeline}` } : null;
}
