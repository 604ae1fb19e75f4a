global using global::Payments.Client;
