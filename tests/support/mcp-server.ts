import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** A tenant's own MCP server, of the official SDK, in a process of its own. This file is both the server and what starts it. */

export interface ToolBehaviour {
  name: string;
  description: string;
  /** Says back what the request carried, as a careless server would. */
  echo?: boolean;
}

export interface OwnServer {
  /** Of the MCP endpoint. */
  url: string;
  origin: string;
  /** What it has from now on. */
  say(tools: ToolBehaviour[]): void;
  /** Arguments of every call so far. */
  calls(): unknown[];
  /** `Authorization` headers of every request so far. */
  credentials(): string[];
  stop(): Promise<void>;
}

interface Seen {
  authorization?: string;
  call?: unknown;
}

/** Starts one that lets in nobody without `token`; null: everybody. */
export async function startOwnServer(token: string | null, tools: ToolBehaviour[]): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ags-mcp-'));
  const [script, seen] = [join(folder, 'tools.json'), join(folder, 'seen.jsonl')];
  const say = (now: ToolBehaviour[]) => writeFileSync(script, JSON.stringify(now));
  say(tools);
  writeFileSync(seen, '');
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(import.meta.url), script, seen], {
    env: { ...process.env, MCP_TOKEN: token ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', (code) => reject(new Error(`the MCP server ended with ${code}`)));
  });
  const read = (): Seen[] =>
    readFileSync(seen, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen);
  const origin = `http://127.0.0.1:${port}`;
  return {
    url: `${origin}/mcp`,
    origin,
    say,
    calls: () => read().flatMap((s) => (s.call === undefined ? [] : [s.call])),
    credentials: () => read().flatMap((s) => s.authorization ?? []),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server itself. */
async function serve(script: string, seen: string): Promise<void> {
  const note = (what: Seen) => writeFileSync(seen, `${JSON.stringify(what)}\n`, { flag: 'a' });
  const tools = () => JSON.parse(readFileSync(script, 'utf8')) as ToolBehaviour[];
  const http = createServer(async (request, response) => {
    const { authorization = '' } = request.headers;
    note({ authorization });
    const { MCP_TOKEN } = process.env;
    if (MCP_TOKEN && authorization !== `Bearer ${MCP_TOKEN}`) {
      response.writeHead(401).end();
      return;
    }
    const server = new Server({ name: 'tracker', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, async () => ({
      tools: tools().map(({ name, description }) => ({
        name,
        description,
        inputSchema: { type: 'object' as const, properties: { title: { type: 'string' } } },
      })),
    }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
      note({ call: params.arguments });
      const echo = tools().find(({ name }) => name === params.name)?.echo;
      return { content: [{ type: 'text', text: echo ? `you sent ${authorization}` : 'issue 7 created' }] };
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => void transport.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  });
  http.listen(0, '127.0.0.1', () => {
    const address = http.address();
    process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await serve(process.argv[2] ?? '', process.argv[3] ?? '');
