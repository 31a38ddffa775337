module tidemap/oracle/claims

go 1.23
