import type * as z from 'zod';
import type { McpServer, ObservedTool } from '#contract/mcp-servers.ts';
import type { AgentRole } from '#domain/agents/roles.ts';
import type { AllowedUrl, EgressRefusal, EgressRules } from '#domain/governance/egress.ts';
import type { Severity } from '#domain/governance/severity.ts';
import type { BlackboardView } from '#domain/pipeline/assignment.ts';
import type { DocumentRef } from '#domain/pipeline/event/lifecycle.ts';
import type { Result } from '#domain/result.ts';
import type { CredentialError } from '#workers/credentials/index.ts';
import { wireSchema } from '#workers/models/index.ts';
import type { ToolRule, ToolTraits } from '#workers/policy/index.ts';

/** Entries of a tenant's memory as tools see them. */
export interface MemoryPort {
  search(a: { tenant: string; project_id: string; query: string }): Promise<MemoryHit[]>;
  read(a: { tenant: string; project_id: string; id: string }): Promise<MemoryText | null>;
}
export interface MemoryHit {
  id: string;
  title: string;
  summary: string;
  snippet: string;
  origin: string[];
}
export interface MemoryText {
  id: string;
  title: string;
  text: string;
  origin: string[];
}

/** MEM-1, BUG-1, GOV-6: what tools write. Every id derives from the action, so that a repeated step writes once. */
export interface NotesPort {
  memory(
    a: Note & { title: string; summary: string; content: string },
  ): Promise<{ id: string; sha256: string }>;
  bug(a: Note & { title: string; detail: string; severity: Severity }): Promise<{ id: string }>;
  /** Null: the pipeline has as many artifacts as it may. */
  artifact(
    a: Note & { name: string; media_type: string; content: string },
  ): Promise<{ id: string; sha256: string; bytes: number } | null>;
}
export interface Note {
  tenant: string;
  project_id: string;
  pipeline_id: string;
  action_id: string;
  by: string;
  origin: string[];
  at: string;
}

/** LEDG-4: the tenant's and project's own events, newest first. */
export interface LedgerPort {
  query(a: {
    tenant: string;
    project_id: string;
    pipeline_id?: string;
    type?: string;
    q?: string;
    limit: number;
  }): Promise<{ pipeline_id: string; seq: number; at: string; type: string; actor: string; body: unknown }[]>;
}

/** GOV-9: the tenant's own MCP servers. */
export interface McpServersPort {
  find(tenant: string, name: string): Promise<McpServer | null>;
  observe(tenant: string, name: string, tools: ObservedTool[]): Promise<void>;
  mayReach(url: string): Result<AllowedUrl, EgressRefusal>;
}

/** What a tool may reach. It has no way to anything else. */
export interface ToolContext {
  tenant: string;
  project_id: string;
  pipeline_id: string;
  action_id: string;
  agent_id: string;
  /** AGENT-5: what the arguments derive from. */
  argument_origin: readonly string[];
  /** RFC 3339. */
  now(): string;
  ledger: LedgerPort;
  notes: NotesPort;
  /** With the agent's own token, below the tenant's own path (CRED-1). */
  readSecret(path: string): Promise<Result<Record<string, string>, CredentialError>>;
  blackboard: BlackboardView | null;
  documents: readonly DocumentRef[];
  readDocument(document: DocumentRef): Promise<string | null>;
  memory: MemoryPort;
  servers: McpServersPort;
  egress: EgressRules;
  fetch: typeof fetch;
  signal: AbortSignal;
}

/** `origin`: what the result derives from (AGENT-5). `transient`: the same call may succeed later. */
export type ToolOutcome = { origin: string[] } & (
  | { ok: true; value: unknown; truncated?: boolean }
  /** `unknown`: it may have happened (REC-6). */
  | { ok: false; code: string; message: string; transient: boolean; unknown?: boolean }
);

export interface ToolSpec<A> extends ToolTraits {
  name: string;
  /** For the model: what it does, when to use it. */
  description: string;
  args: z.ZodType<A>;
  /** Roles that have it; all when absent. */
  roles?: readonly AgentRole[];
  /** What it would touch, from arguments that may be anything. */
  target(args: Record<string, unknown>): string;
  run(args: A, context: ToolContext): Promise<ToolOutcome>;
}

export interface Tool {
  name: string;
  description: string;
  /** JSON schema of the arguments, as models are offered it. */
  parameters: Record<string, unknown>;
  roles: readonly AgentRole[] | null;
  rule: ToolRule;
  /** Arguments are parsed again here: nothing runs on what the gate has not seen fit. */
  run(args: Record<string, unknown>, context: ToolContext): Promise<ToolOutcome>;
}

export function defineTool<A>(spec: ToolSpec<A>): Tool {
  const { name, min_tier, effect, external, acts, irreversible, labels, target } = spec;
  let parameters: Tool['parameters'] | null = null;
  return {
    name,
    description: spec.description,
    /** Made when a model is first offered it: the Worker's start has little time (PERF-6). */
    get parameters() {
      parameters ??= wireSchema(spec.args);
      return parameters;
    },
    roles: spec.roles ?? null,
    rule: {
      name,
      min_tier,
      effect,
      external,
      acts,
      ...(irreversible !== undefined && { irreversible }),
      ...(labels && { labels }),
      target,
      check(args) {
        const parsed = spec.args.safeParse(args);
        const [issue] = parsed.success ? [] : parsed.error.issues;
        return issue ? `${issue.path.join('.') || 'arguments'}: ${issue.message}` : null;
      },
    },
    async run(args, context) {
      const parsed = spec.args.safeParse(args);
      if (!parsed.success)
        return {
          ok: false,
          code: 'invalid_arguments',
          message: 'The arguments do not fit.',
          transient: false,
          origin: [],
        };
      return spec.run(parsed.data, context);
    },
  };
}

/** A database that is away is no answer: the call is made again. */
export async function orTransient(what: string, run: () => Promise<ToolOutcome>): Promise<ToolOutcome> {
  try {
    return await run();
  } catch {
    return {
      ok: false,
      code: `${what}_unavailable`,
      message: `The ${what} cannot be reached.`,
      transient: true,
      origin: [],
    };
  }
}

export const noteOf = (context: ToolContext, derived: readonly string[] = []): Note => ({
  tenant: context.tenant,
  project_id: context.project_id,
  pipeline_id: context.pipeline_id,
  action_id: context.action_id,
  by: `agent:${context.agent_id}`,
  origin: [...new Set([...context.argument_origin, ...derived])].sort(),
  at: context.now(),
});

/** A string argument, or the empty string for anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
