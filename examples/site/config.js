// Where this site's pixels go. `?collector=http://127.0.0.1:9999` in the address wins, for as long as the tab is open.
const COLLECTOR = "http://127.0.0.1:8787";
