import { badRequest } from './wire.ts';

export const CAPABILITIES = ['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo', 'deny'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export interface PolicyRule {
  path: string;
  capabilities: Capability[];
}

const TOKEN = /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\]|\\.)*")|([A-Za-z_][\w-]*)|([{}[\]=,])/y;

function* tokens(source: string): Generator<string> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) {
      const line = source.slice(0, at).split('\n').length;
      throw badRequest(`failed to parse policy: illegal character at line ${line}`);
    }
    const token = match[1] ?? match[2] ?? match[3];
    if (token !== undefined) yield token;
  }
}

/**
 * The subset of Vault's policy HCL that the product's policies use: `path "p" { capabilities = ["read", …] }` with comments.
 * Anything that would need enforcing but is not (`allowed_parameters`, wrapping TTLs) is refused rather than ignored.
 */
export function parsePolicy(source: string): PolicyRule[] {
  const stream = [...tokens(source)];
  let position = 0;
  const next = () => stream[position++];
  const expect = (wanted: string) => {
    const found = next();
    if (found !== wanted) {
      throw badRequest(`failed to parse policy: expected ${wanted}, found ${found ?? 'the end'}`);
    }
  };
  const string = (): string => {
    const found = next();
    if (!found?.startsWith('"')) {
      throw badRequest(`failed to parse policy: expected a string, found ${found ?? 'the end'}`);
    }
    return JSON.parse(found) as string;
  };

  const rules: PolicyRule[] = [];
  while (position < stream.length) {
    expect('path');
    const path = string().replace(/^\//, '');
    if (/\+[^/]|[^/]\+/.test(path) || /\*./.test(path)) {
      throw badRequest(`failed to parse policy: path "${path}": invalid use of wildcards`);
    }
    const capabilities: Capability[] = [];
    expect('{');
    while (stream[position] !== '}') {
      const key = next();
      if (key === undefined) throw badRequest('failed to parse policy: expected }, found the end');
      if (key !== 'capabilities') {
        throw badRequest(
          `failed to parse policy: path "${path}": "${key}" is not supported by the embedded Vault`,
        );
      }
      expect('=');
      expect('[');
      while (stream[position] !== ']') {
        const capability = string();
        if (!(CAPABILITIES as readonly string[]).includes(capability)) {
          throw badRequest(`failed to parse policy: path "${path}": invalid capability "${capability}"`);
        }
        capabilities.push(capability as Capability);
        if (stream[position] === ',') position += 1;
      }
      expect(']');
    }
    expect('}');
    rules.push({ path, capabilities });
  }
  return rules;
}
