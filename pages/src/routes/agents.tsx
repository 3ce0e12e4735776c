export { AgentsPage as default } from '../views/agents/agents-page.tsx';
