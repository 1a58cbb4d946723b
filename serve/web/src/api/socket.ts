/** A WebSocket to the server, until it closes. */

const LASTS_MS = 3000;

/** An open or opening connection. */
export interface Connection {
  send(message: unknown): void;
  close(): void;
  /** Resolves when it has closed, with whether it had lasted. */
  readonly closed: Promise<boolean>;
}

/** Connects to a path below `api/`; `heard` gets every message, `opened` is called once. */
export function connect(
  where: string,
  heard: (message: unknown) => void,
  opened: () => void = () => undefined,
): Connection {
  const socket = new WebSocket(socketUrl(where));
  let openedAt = Infinity;
  socket.addEventListener("open", () => {
    openedAt = performance.now();
    opened();
  });
  socket.addEventListener("message", (event) => heard(JSON.parse(String(event.data))));
  const closed = new Promise<boolean>((resolve) =>
    socket.addEventListener("close", () => resolve(performance.now() - openedAt > LASTS_MS)),
  );
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
    closed,
  };
}

function socketUrl(where: string): string {
  const url = new URL(`api/${where}`, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}
