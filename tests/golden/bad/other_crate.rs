struct A { wait: chrono::Duration }
