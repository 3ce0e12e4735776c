export { IncidentPage as default } from '../views/incident/incident-page.tsx';
