struct A { a: chrono::DateTime<Utc> }
