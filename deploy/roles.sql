-- Once per server, as superuser:  psql -v ON_ERROR_STOP=1 -f deploy/roles.sql
-- Then give each role its password with \password (it never stands in a file), and let the owner migrate:
--   flask --app wsgi db upgrade
-- The grants of each role stand in the migrations.
CREATE ROLE xunfang_owner LOGIN NOSUPERUSER CREATEROLE;
CREATE ROLE xunfang_app LOGIN NOSUPERUSER;
CREATE ROLE xunfang_worker LOGIN NOSUPERUSER;
CREATE ROLE xunfang_readonly LOGIN NOSUPERUSER;
CREATE ROLE xunfang_retention LOGIN NOSUPERUSER;
-- The application's own limit stands in the connection, which a pooler drops; so it stands here too.
ALTER ROLE xunfang_app SET statement_timeout = '30s';
CREATE DATABASE xunfang OWNER xunfang_owner ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
\connect xunfang
CREATE EXTENSION postgis;
CREATE EXTENSION btree_gist;
REVOKE ALL ON DATABASE xunfang FROM PUBLIC;
GRANT CONNECT ON DATABASE xunfang TO xunfang_app, xunfang_worker, xunfang_readonly, xunfang_retention;
