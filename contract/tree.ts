import * as z from 'zod';
import { GivenId, page, Sha256, Time } from './primitives.ts';

/** LEDG-2: the tenant's log. Hashes are hex; signatures are lines of C2SP signed notes. */
const Size = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const LedgerKeysQuery = z.strictObject({
  tenant: z.string().regex(/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/, 'is not a tenant’s name'),
});
export const LedgerKeys = z
  .object({
    origin: z.string(),
    keys: z.array(
      z.object({
        kid: z.string(),
        /** The id that signatures carry. */
        key_id: z.string(),
        algorithm: z.literal('Ed25519'),
        /** C2SP verifier key: `name+id+base64`. */
        key: z.string(),
        public_key: z.string().describe('Its 32 bytes in base64, for `kid:public:…` after a rotation'),
        signs: z.boolean(),
      }),
    ),
    trust: z.string().describe('The same as lines of a trust file, for `ags evidence verify --trust`'),
  })
  .meta({ id: 'LedgerKeys' });
export type LedgerKeys = z.infer<typeof LedgerKeys>;

export const TreeHead = z
  .object({
    origin: z.string(),
    size: z.int(),
    root: Sha256,
    checkpoint: z.string().describe('C2SP signed note: the log’s signature, then those of witnesses'),
    cosigned_by: z.array(z.string()),
  })
  .meta({ id: 'TreeHead' });
export type TreeHead = z.infer<typeof TreeHead>;

/** Those of which somebody has asked for the newest; at most 100, the newest first. */
export const HeadsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).optional() });
export const HeadPage = page(TreeHead).meta({ id: 'HeadPage' });

export const LogLeaf = z
  .object({
    chain: z.string().describe('A pipeline’s id, or `control`'),
    number: z.int(),
    seq: z.int(),
    hash: Sha256,
  })
  .meta({ id: 'LogLeaf' });
export type LogLeaf = z.infer<typeof LogLeaf>;

export const InclusionQuery = z.strictObject({
  pipeline_id: GivenId,
  seq: z.coerce.number().int().min(1),
  size: Size.optional(),
});
export const InclusionProof = z
  .object({
    leaf: LogLeaf,
    index: z.int(),
    size: z.int(),
    hashes: z.array(Sha256).describe('From the leaf up (RFC 9162)'),
    checkpoint: z.string(),
  })
  .meta({ id: 'InclusionProof' });
export type InclusionProof = z.infer<typeof InclusionProof>;

export const ConsistencyQuery = z.strictObject({ from: Size, to: Size });
export const ConsistencyProof = z
  .object({ from: z.int(), to: z.int(), hashes: z.array(Sha256) })
  .meta({ id: 'ConsistencyProof' });
export type ConsistencyProof = z.infer<typeof ConsistencyProof>;

export const LeavesQuery = z.strictObject({
  start: Size.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});
/** `next_cursor` is the next `start`. */
export const LeafPage = page(LogLeaf).meta({ id: 'LeafPage' });

export const NewWitness = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be a name like witness-1'),
  key: z.string().min(1).max(400),
});
export const Witness = z
  .object({ name: z.string(), key: z.string(), added_by: z.string(), added_at: Time })
  .meta({ id: 'Witness' });
export type Witness = z.infer<typeof Witness>;

export const CosignatureRequest = z.strictObject({
  size: z.int().min(0),
  cosignature: z.string().min(1).max(1_000).describe('The line `— name base64` of C2SP tlog-cosignature'),
});
