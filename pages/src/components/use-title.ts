import { useEffect } from 'react';

/** The browser's title, which is what tabs, history and screen readers call the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Agent Governance`;
  }, [title]);
}
