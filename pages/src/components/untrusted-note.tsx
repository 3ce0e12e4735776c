/** AGENT-5: what derives from untrusted text says so, wherever it shows. */
export function UntrustedNote({ origin }: { origin: readonly string[] }) {
  if (!origin.includes('untrusted')) return null;
  return <span title={`Derives from: ${origin.join(', ')}`}> · had read untrusted text</span>;
}
