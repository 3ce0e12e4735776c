import { PROBLEMS, type ProblemCode } from '#contract/problem.ts';
import { remedyOf } from './problem.ts';

type Json = { [key: string]: unknown };

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (value: unknown): string => String(value).replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.55 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.2rem}
h3{margin:1.6rem 0 .3rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid #8884}
pre{background:#8881;padding:.7rem;border-radius:.4rem;overflow:auto;max-height:24rem}.verb{font-weight:700}.tag{opacity:.75}a{color:light-dark(#0b57d0,#8ab4f8)}`;

const frame = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
  `<title>${text(title)}</title><style>${STYLE}</style></head><body><main><h1>${text(title)}</h1>${body}</main></body></html>`;

/** No script runs on these pages; the inline style is all they need. */
export const html = (page: string): Response =>
  new Response(page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=300',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    },
  });

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const schemaOf = (content: unknown): unknown =>
  isObject(content) ? Object.values(content).map((c) => (isObject(c) ? c.schema : null))[0] : null;

function schemaHtml(schema: unknown): string {
  if (!isObject(schema)) return '';
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1);
    return `<a href="#schema-${text(name)}"><code>${text(name)}</code></a>`;
  }
  return `<details><summary>schema</summary><pre>${text(JSON.stringify(schema, null, 2))}</pre></details>`;
}

function operationHtml(path: string, method: string, op: Json): string {
  const access = Array.isArray(op['x-ags-access']) ? op['x-ags-access'].join(', ') : op['x-ags-access'];
  const parameters = Array.isArray(op.parameters) ? op.parameters.filter(isObject) : [];
  const rows = parameters.map(
    (p) =>
      `<tr><td><code>${text(p.name)}</code></td><td>${text(p.in)}${p.required ? ', required' : ''}</td><td><code>${text(JSON.stringify(p.schema))}</code></td></tr>`,
  );
  const answers = Object.entries(isObject(op.responses) ? op.responses : {}).map(
    ([status, answer]) =>
      `<tr><td>${text(status)}</td><td>${isObject(answer) ? text(answer.description) : ''}</td><td>${isObject(answer) ? schemaHtml(schemaOf(answer.content)) : ''}</td></tr>`,
  );
  const body = isObject(op.requestBody) ? `<p>Body: ${schemaHtml(schemaOf(op.requestBody.content))}</p>` : '';
  return (
    `<section><h3 id="${text(op.operationId)}"><span class="verb">${text(method.toUpperCase())}</span> <code>${text(path)}</code></h3>` +
    `<p>${text(op.summary)} <span class="tag">(${text(access)})</span></p>${body}` +
    (rows.length > 0 ? `<table><tbody>${rows.join('')}</tbody></table>` : '') +
    `<details><summary>answers</summary><table><tbody>${answers.join('')}</tbody></table></details></section>`
  );
}

export function referencePage(document: Json): string {
  const paths = Object.entries(isObject(document.paths) ? document.paths : {});
  const operations = paths.flatMap(([path, methods]) =>
    Object.entries(isObject(methods) ? methods : {}).map(([method, op]) =>
      isObject(op) ? operationHtml(path, method, op) : '',
    ),
  );
  const { schemas = {} } = isObject(document.components) ? document.components : {};
  const named = Object.entries(isObject(schemas) ? schemas : {}).map(
    ([name, schema]) =>
      `<section><h3 id="schema-${text(name)}"><code>${text(name)}</code></h3><pre>${text(JSON.stringify(schema, null, 2))}</pre></section>`,
  );
  const intro =
    '<p>Send <code>Authorization: Bearer &lt;key&gt;</code>. Bodies are JSON. Errors are <a href="/api/docs/errors">problem+json</a>. ' +
    'The same as <a href="/api/openapi.json">OpenAPI 3.1</a>; the <a href="/api/plans/schema.json">JSON Schema of plans</a>.</p>';
  return frame(
    'Agent Governance System: API',
    `${intro}<h2>Endpoints</h2>${operations.join('')}<h2>Schemas</h2>${named.join('')}`,
  );
}

/** Problem codes link here: `type` in a problem is this page with the code as fragment. */
export function errorsPage(): string {
  const rows = (Object.keys(PROBLEMS) as ProblemCode[]).map(
    (code) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${PROBLEMS[code].status}</td><td>${text(PROBLEMS[code].title)}</td><td>${text(remedyOf(code))}</td></tr>`,
  );
  return frame(
    'Agent Governance System: errors',
    `<p><a href="/api/docs">API</a></p><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}
