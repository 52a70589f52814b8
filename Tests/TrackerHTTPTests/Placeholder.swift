// Specifications of `TrackerHTTP`.
