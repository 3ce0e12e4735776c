export { StopsPage as default } from '../views/stops/stops-page.tsx';
