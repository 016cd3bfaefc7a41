"""The benchmark: this server and an ordinary Channels consumer under the same load, side by side.

`bin/bench` runs `python -m benchmarks`. What happens where:

- `__main__`: the command line, the order of events, the table and the JSON file;
- `scenarios`: what is measured, against which target;
- `installation`: a fresh database, broker and server for one scenario;
- `load/`: the load client, a process of its own (`python -m benchmarks.load`);
- `history`: page queries in a room of a million messages, timed in the database;
- `reference/`: the ordinary consumer, as the Channels tutorial has it;
- `ideal`: a server that does nothing but answer, to find what the load client itself can measure.
"""
