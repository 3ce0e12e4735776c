import { ok, type Result } from '#domain/result.ts';
import { type CredentialError, failure } from './errors.ts';

export interface SealingConfig {
  /** Key id that new seals use. */
  current: string;
  /** Key id → 32 bytes as base64 (or base64url). Retired ids stay here as long as what they sealed is needed. */
  keys: Record<string, string>;
}

/** What a sealed value is bound to: opened with any of these different, it does not open (CRED-2). */
export interface SealContext {
  tenant: string;
  /** The store key it lies under. */
  key: string;
  agent: string | null;
  generation: number;
}

export type Sealing = ReturnType<typeof createSealing>;

const VERSION = 's1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
/** Tenants times keys; beyond it an isolate starts afresh. */
const MOST_KEYS = 1_000;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const encoder = new TextEncoder();

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * AES-256-GCM under a key derived for each tenant (HKDF-SHA-256) from the master key with the id that the value names.
 * `s1.{key id}.{iv}.{ciphertext}`, base64url. @throws Error when a configured key is not 32 bytes: a defect of configuration.
 */
export function createSealing(config: SealingConfig) {
  const masters = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [id, text] of Object.entries(config.keys)) {
    const bytes = fromBase64(text);
    if (!KEY_ID.test(id) || bytes.byteLength !== KEY_BYTES) {
      throw new Error(`sealing key "${id}" must have a plain id and ${KEY_BYTES} bytes of base64`);
    }
    masters.set(id, bytes);
  }
  if (!masters.has(config.current))
    throw new Error(`the current sealing key "${config.current}" is not there`);

  const derived = new Map<string, CryptoKey>();

  /** Derived once: it cannot be taken out of the runtime, and only finished keys are kept, never what another request waits for. */
  async function tenantKey(keyId: string, tenant: string): Promise<CryptoKey> {
    const name = JSON.stringify([keyId, tenant]);
    const known = derived.get(name);
    if (known) return known;
    const key = await derive(masters.get(keyId) as Uint8Array<ArrayBuffer>, tenant);
    if (derived.size >= MOST_KEYS) derived.clear();
    derived.set(name, key);
    return key;
  }

  async function derive(master: Uint8Array<ArrayBuffer>, tenant: string): Promise<CryptoKey> {
    const material = await crypto.subtle.importKey('raw', master, 'HKDF', false, ['deriveKey']);
    const derivation = {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: encoder.encode('ags/credentials/seal/1'),
      info: encoder.encode(JSON.stringify(['tenant', tenant])),
    };
    return crypto.subtle.deriveKey(derivation, material, { name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]);
  }

  /** A JSON list keeps the parts apart: no two contexts have the same text. */
  const bound = (context: SealContext, keyId: string) =>
    encoder.encode(
      JSON.stringify([VERSION, context.tenant, context.key, context.agent, context.generation, keyId]),
    );

  async function seal(plaintext: string, context: SealContext): Promise<string> {
    const keyId = config.current;
    const key = await tenantKey(keyId, context.tenant);
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv, additionalData: bound(context, keyId) },
      key,
      encoder.encode(plaintext),
    );
    return [VERSION, keyId, toBase64Url(iv), toBase64Url(new Uint8Array(sealed))].join('.');
  }

  async function open(value: string, context: SealContext): Promise<Result<string, CredentialError>> {
    const [version, keyId = '', iv = '', sealed = '', ...rest] = value.split('.');
    if (version !== VERSION || rest.length > 0) {
      return failure('unseal_failed', 'the stored token is not a sealed value');
    }
    if (!masters.has(keyId))
      return failure('unseal_failed', 'the stored token was sealed by a key that is not configured');
    try {
      const key = await tenantKey(keyId, context.tenant);
      const plaintext = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: fromBase64(iv), additionalData: bound(context, keyId) },
        key,
        fromBase64(sealed),
      );
      return ok(new TextDecoder().decode(plaintext));
    } catch {
      return failure(
        'unseal_failed',
        'the stored token was not sealed for this tenant, agent and generation',
      );
    }
  }

  /** CRED-5: false when an older key sealed it; it opens as long as that key is configured. */
  const isCurrent = (value: string): boolean => value.split('.')[1] === config.current;

  return { seal, open, isCurrent };
}
