import type { TerraformFinding } from '../finding.ts';
import { type ChangeRule, found, introduces } from '../rule.ts';

const PUBLIC_ACLS = new Set(['public-read', 'public-read-write', 'website']);
const BLOCKS = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'];

/** Attributes whose `true` gives a service a public address. */
const PUBLIC_FLAGS = ['publicly_accessible', 'public_network_access_enabled'];

/** Storage that anyone may read. */
export const publicStorage: ChangeRule = (change) => {
  const { after } = change;
  const storage = (attribute: string, quote: unknown, what: string): TerraformFinding =>
    found(change, {
      rule: 'public_storage',
      severity: 'high',
      title: `${change.address}: ${what}`,
      body: `${attribute} is ${String(quote)}: objects in this bucket can be read by anyone, or the guard against that is off.`,
      path: ['after', attribute],
      quote,
      remedy: 'Keep the bucket private and serve public files through a CDN or signed links.',
    });
  if (['aws_s3_bucket', 'aws_s3_bucket_acl'].includes(change.type)) {
    return introduces(change, 'acl') && PUBLIC_ACLS.has(String(after.acl))
      ? [storage('acl', after.acl, 'bucket is public')]
      : [];
  }
  if (change.type === 'aws_s3_bucket_public_access_block') {
    return BLOCKS.filter((flag) => after[flag] === false && introduces(change, flag)).map((flag) =>
      storage(flag, false, `${flag} is switched off`),
    );
  }
  if (change.type === 'google_storage_bucket_iam_member' && introduces(change, 'member')) {
    return ['allUsers', 'allAuthenticatedUsers'].includes(String(after.member))
      ? [storage('member', after.member, 'bucket is public')]
      : [];
  }
  return [];
};

/** A service that should be reached from inside gets a public address. */
export const publicEndpoint: ChangeRule = (change) =>
  PUBLIC_FLAGS.filter((flag) => change.after[flag] === true && introduces(change, flag)).map((flag) =>
    found(change, {
      rule: 'public_endpoint',
      severity: 'high',
      title: `${change.address}: reachable from the internet`,
      body: `${flag} is true: the service gets a public address, and only its firewall rules stand before it.`,
      path: ['after', flag],
      quote: true,
      remedy: `Set ${flag} = false and reach it from inside the network.`,
    }),
  );
