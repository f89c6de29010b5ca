// Shows the newest message of each topic as it comes.
const newest = {};
const address = new URL(location.href);
address.protocol = address.protocol.replace("http", "ws");
const socket = new WebSocket(address);
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  newest[message.topic ?? message.type] = message;
};
socket.onclose = () => { newest.closed = true; };
setInterval(() => { document.getElementById("said").textContent = JSON.stringify(newest, null, 1); }, 200);
