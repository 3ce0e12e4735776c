/** Grey shapes where content will be, so that nothing jumps when it comes. */
export function Skeleton({ className }: { className: string }) {
  return <div className={`animate-pulse rounded-lg bg-kumo-fill ${className}`} aria-hidden="true" />;
}

export function Loading({ what, children }: { what: string; children?: React.ReactNode }) {
  return (
    <div role="status">
      <span className="sr-only">Loading {what}…</span>
      {children ?? <Skeleton className="h-40" />}
    </div>
  );
}
