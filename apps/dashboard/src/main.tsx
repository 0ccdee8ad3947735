// First: a view that comes with the page says what is different in it after what all views share.
import './ui/tokens.css';
import './ui/base.css';
import './ui/components.css';
import './shell.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Refused } from './api/client.ts';
import { App } from './App.tsx';
import { Boundary } from './ui/Boundary.tsx';
import { startTheme } from './ui/theme.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What is refused for what it asks is refused again; what is not there yet comes.
      retry: (failed, error) => !(error instanceof Refused && error.problem.status < 500) && failed < 3,
      refetchOnWindowFocus: false,
      gcTime: 60_000,
    },
  },
});

startTheme();
const place = document.getElementById('root');
if (place !== null) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Boundary>
          <App />
        </Boundary>
      </QueryClientProvider>
    </StrictMode>,
  );
}
