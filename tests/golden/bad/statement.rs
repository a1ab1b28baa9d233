use std::collections::HashMap
