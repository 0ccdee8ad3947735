import { Component, type ReactNode } from 'react';

interface State {
  readonly error: Error | undefined;
}

/**
 * Says what is wrong where what is inside cannot be shown, and keeps what is around it. A view is a file that is loaded when it is opened: it does
 * not come while the connection is lost, nor where Lading was started in another version since the page was opened.
 */
export class Boundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { error: undefined };
  static getDerivedStateFromError = (error: Error): State => ({ error });

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div className="view">
        <div className="state bad" role="alert">
          <h2>This could not be shown</h2>
          <p className="soft">
            Its part of the page did not come. Lading does not answer, or is of another version than this page. Load the
            page again when it is back: what is chosen stands in the address.
          </p>
          <p className="soft small mono">{error.message}</p>
          <button
            type="button"
            className="button"
            onClick={() => {
              window.location.reload();
            }}
          >
            Load the page again
          </button>
        </div>
      </div>
    );
  }
}
