import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite build pages`: static files for Pages, and for the Worker's own assets locally. `AGS_API` names the Worker for `vite pages`. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // The CSP allows no data: scripts or fonts, so nothing may be inlined.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { '/api': { target: process.env.AGS_API ?? 'http://127.0.0.1:3000', ws: true } },
  },
});
