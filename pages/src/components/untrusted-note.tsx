/** AGENT-5: what derives from untrusted text says so, wherever it shows. */
export function UntrustedNote({ origin }: { origin: readonly string[] }) {
  if (!origin.includes('untrusted')) return null;
  return (
    <p className="mt-1 text-sm text-kumo-warning" title={`Derives from: ${origin.join(', ')}`}>
      Its author had read untrusted text.
    </p>
  );
}
