-- What a caller's organisations are a party to, among what makes a circle of care (ServiceRequest, Task, EpisodeOfCare): a search that
-- looks at much finds the people whom its caller may read about here once, instead of asking anew for every row.
CREATE INDEX resource_circle ON resource USING gin (parties) WHERE NOT deleted AND resource_type IN (123, 139, 47);
-- Sorted by date, either way; what has no date comes last. (An index of dates alone could not say where that begins.)
DROP INDEX resource_date;
CREATE INDEX resource_date_low ON resource (resource_type, date_low, seq DESC) WHERE NOT deleted;
CREATE INDEX resource_date_high ON resource (resource_type, date_high DESC NULLS LAST, seq DESC) WHERE NOT deleted;
