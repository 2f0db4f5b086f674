"""From results to tables and one page: numbers first, drawings after."""
