module tidemap/oracle/swiss

go 1.24
