// Any MCP client: the endpoint offers the built-in tools, and each call passes the gate.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const url = new URL(`${process.env.AGS_URL}/mcp`);
const headers = { Authorization: `Bearer ${process.env.AGS_SESSION_TOKEN}` };
const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));

const { tools } = await client.listTools();
console.log(`tools: ${tools.map((tool) => tool.name).join(' ')}`);
const found = await client.callTool({ name: 'memory_search', arguments: { query: 'runbook' } });
console.log(`memory_search: ${JSON.stringify(found.content)}`);
const fetched = await client.callTool({
  name: 'http_get',
  arguments: { url: 'http://169.254.169.254/latest/meta-data/' },
});
console.log(`http_get: ${fetched.isError ? 'denied' : 'allowed'} ${JSON.stringify(fetched.content)}`);
await client.close();
