import { isObject, type JsonObject } from '../../json-pointer.ts';
import { SENSITIVE_PORTS, WORLD } from '../catalogue.ts';
import type { TerraformFinding } from '../finding.ts';
import type { PlannedChange } from '../plan.ts';
import { brings, type ChangeRule, found, introduces } from '../rule.ts';

/** One permission to reach ports from sources, wherever its resource keeps it. */
interface Opening {
  ports: [from: number, to: number][];
  sources: { path: (string | number)[]; cidr: string }[];
}

const number = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : null;

const strings = (value: unknown, path: (string | number)[]): Opening['sources'] =>
  Array.isArray(value)
    ? value.flatMap((cidr, index) => (typeof cidr === 'string' ? [{ path: [...path, index], cidr }] : []))
    : typeof value === 'string'
      ? [{ path, cidr: value }]
      : [];

const ALL: [number, number] = [0, 65_535];

function awsPorts(rule: JsonObject): [number, number][] {
  if (rule.protocol === '-1' || rule.ip_protocol === '-1' || rule.protocol === 'all') return [ALL];
  const from = number(rule.from_port);
  return from === null ? [] : [[from, number(rule.to_port) ?? from]];
}

/** `22`, `8000-8100` and `*`, as Azure and Google write port ranges. */
function ranges(value: unknown): [number, number][] {
  return (Array.isArray(value) ? value : [value]).flatMap((item): [number, number][] => {
    if (item === '*') return [ALL];
    const match = /^(\d+)(?:-(\d+))?$/.exec(String(item));
    return match ? [[Number(match[1]), Number(match[2] ?? match[1])]] : [];
  });
}

const AWS_SOURCES = ['cidr_blocks', 'ipv6_cidr_blocks', 'cidr_ipv4', 'cidr_ipv6'];
const awsOpening = (rule: JsonObject, path: (string | number)[]): Opening => ({
  ports: awsPorts(rule),
  sources: AWS_SOURCES.flatMap((attribute) => strings(rule[attribute], [...path, attribute])),
});

const READERS: Record<string, (change: PlannedChange) => Opening[]> = {
  aws_security_group_rule: ({ after }) => (after.type === 'ingress' ? [awsOpening(after, ['after'])] : []),
  aws_vpc_security_group_ingress_rule: ({ after }) => [awsOpening(after, ['after'])],
  aws_security_group: (change) =>
    introduces(change, 'ingress') && Array.isArray(change.after.ingress)
      ? change.after.ingress
          .filter(isObject)
          .map((rule, index) => awsOpening(rule, ['after', 'ingress', index]))
      : [],
  google_compute_firewall: ({ after }) =>
    after.direction === 'EGRESS' || !Array.isArray(after.allow)
      ? []
      : after.allow.filter(isObject).map((rule) => ({
          ports: rule.ports === undefined || rule.protocol === 'all' ? [ALL] : ranges(rule.ports),
          sources: strings(after.source_ranges, ['after', 'source_ranges']),
        })),
  azurerm_network_security_rule: ({ after }) =>
    after.direction === 'Inbound' && after.access === 'Allow'
      ? [
          {
            ports: [...ranges(after.destination_port_range), ...ranges(after.destination_port_ranges)],
            sources: [
              ...strings(after.source_address_prefix, ['after', 'source_address_prefix']),
              ...strings(after.source_address_prefixes, ['after', 'source_address_prefixes']),
            ],
          },
        ]
      : [],
};

function exposed(ports: [number, number][]): { label: string; everything: boolean } | null {
  if (ports.some(([from, to]) => from <= 0 && to >= 65_535)) return { label: 'every port', everything: true };
  const hit = Object.entries(SENSITIVE_PORTS).filter(([port]) =>
    ports.some(([from, to]) => Number(port) >= from && Number(port) <= to),
  );
  if (hit.length === 0) return null;
  const named = hit.slice(0, 4).map(([port, service]) => `${port} (${service})`);
  return { label: `port ${named.join(', ')}${hit.length > 4 ? ' and more' : ''}`, everything: false };
}

/** A port that belongs inside is opened to everyone. */
export const openPort: ChangeRule = (change) => {
  const read = brings(change) ? READERS[change.type] : undefined;
  if (!read || (change.action === 'update' && sameOpenings(change, read))) return [];
  return read(change).flatMap(({ ports, sources }): TerraformFinding[] => {
    const hit = exposed(ports);
    if (!hit) return [];
    return sources
      .filter(({ cidr }) => WORLD.has(cidr))
      .map(({ path, cidr }) =>
        found(change, {
          rule: 'open_port',
          severity: hit.everything ? 'critical' : 'high',
          title: `${change.address}: ${hit.label} open to the world`,
          body: `Anyone on the internet (${cidr}) may connect to ${hit.label}.`,
          path,
          quote: cidr,
          remedy:
            'Allow the security group or the private address range of the clients instead of every address.',
        }),
      );
  });
};

const sameOpenings = (change: PlannedChange, read: (change: PlannedChange) => Opening[]): boolean =>
  JSON.stringify(read(change)) === JSON.stringify(read({ ...change, after: change.before }));
